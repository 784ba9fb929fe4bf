//! Tokens by entity, at the price of a slice's element: a query looks a row's table up anew each time.

use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::entity::Entities;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use throng_components::token::Token;

/// All tokens, for a system that goes through many of them by their entities. What it writes does not count as a change.
#[derive(SystemParam)]
pub struct Tokens<'w, 's> {
    query: Query<'w, 's, (Entity, &'static mut Token)>,
    places: &'w Entities,
}

impl Tokens<'_, '_> {
    /// The tables that hold them.
    pub fn tables(&mut self) -> TokenTables<'_> {
        let tables = self.query.contiguous_iter_mut().into_iter().flatten();

        TokenTables { places: self.places, tables: tables.collect(), last: 0 }
    }
}

/// The tables that hold tokens: one, and one more for each set of components that somebody has put on some of them.
pub struct TokenTables<'a> {
    places: &'a Entities,
    /// Which entity stands in each row, and its token.
    tables: Vec<(&'a [Entity], ContiguousMut<'a, Token>)>,
    /// The row that was last found: rows are used again last in, first out, so that the next one lies beside it.
    last: usize,
}

impl TokenTables<'_> {
    /// The token of an entity; `None` when it has gone.
    #[inline]
    pub fn get_mut(&mut self, entity: Entity) -> Option<&mut Token> {
        let first = self.tables.first().map_or(&[] as &[Entity], |(entities, _)| *entities);
        let beside = [self.last.wrapping_sub(1), self.last + 1];
        let near = beside.into_iter().find(|row| first.get(*row) == Some(&entity));
        let (table, row) = match near {
            Some(row) => (0, row),
            None => self.look_up(entity)?,
        };
        self.last = row;
        self.tables[table].1.bypass_change_detection().get_mut(row)
    }

    /// Where a token is, by the world's own index.
    fn look_up(&self, entity: Entity) -> Option<(usize, usize)> {
        let row = self.places.get_spawned(entity).ok()?.table_row.index();
        let table = self.tables.iter().position(|(entities, _)| entities.get(row) == Some(&entity))?;
        Some((table, row))
    }
}

#[cfg(test)]
mod tests {
    use bevy_ecs::system::RunSystemOnce;
    use throng_components::token::TokenState;

    use super::*;

    #[derive(Component)]
    struct Marked;

    #[test]
    fn a_token_is_found_wherever_it_has_moved() {
        let mut world = World::new();
        let token = |sequence| Token { sequence, state: TokenState::Planned, ..Token::SPENT };
        let all: Vec<Entity> = (0..100).map(|sequence| world.spawn(token(sequence)).id()).collect();
        // Whoever goes leaves its row to the last one; whoever is marked moves to another table.
        for (number, entity) in all.iter().enumerate() {
            match number % 5 {
                1 => _ = world.despawn(*entity),
                3 => _ = world.entity_mut(*entity).insert(Marked),
                _ => {}
            }
        }
        let find = move |mut tokens: Tokens<'_, '_>| {
            let mut tables = tokens.tables();
            let sequence = |entity: &Entity| tables.get_mut(*entity).map(|token| token.sequence);
            all.iter().map(sequence).collect::<Vec<_>>()
        };
        let found = world.run_system_once(find).expect("it can run");
        let expected: Vec<_> = (0..100).map(|number| (number % 5 != 1).then_some(number)).collect();
        assert_eq!(found, expected);
    }
}
